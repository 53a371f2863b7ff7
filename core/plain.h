/* plain.h - texts from outside (file names, prompts) made fit for terminals, JSON and HTML. */
#ifndef IL_DATASET_PLAIN_H
#define IL_DATASET_PLAIN_H

/* In place: control characters and what is no UTF-8 become '?'. */
void il_plain_text(char *text);

#endif
