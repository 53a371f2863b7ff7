/* conventions.h - sentences about numbers that several tables say alike. */
#ifndef IL_REPORT_CONVENTIONS_H
#define IL_REPORT_CONVENTIONS_H

#define IL_CONVENTION_IOU "IoU as published: mean over test batches of each whole batch's IoU. - stands for no value."

#define IL_CONVENTION_INTERVAL                                                                                              \
    "Image mean: of each picture's IoU (with several runs, first averaged over runs picture by picture); its interval is a" \
    " bootstrap over photos, with all the pictures that were cut from one, level 0.95."

#define IL_CONVENTION_WEIGHTS                                                                                                   \
    "Weights tested: best, of the epoch with the lowest validation loss; last, those the training ended with, as the published" \
    " code tested (train.as_published)."

#define IL_CONVENTION_TRUTH                                                                                                      \
    "A pixel is truly inpainted where its target is above 0 after the mask policy: with full only grey 255 of the blurred mask," \
    " with soft and any every grey above 0. Cells of different mask policies are measured against different truths."

#define IL_CONVENTION_POLICIES                                                                                                    \
    "The published values are no comparison of the policies. By the code's logs, any was tested with the weights of a bad last"   \
    " epoch (0.816 in validation, where its best epoch had 0.936 and full's 0.935), and soft is at the ceiling of its measure: a" \
    " perfect detector of the soft target reaches 0.84."

#define IL_CONVENTION_SPLITS                                                                                               \
    "Published: as the report prints it. Its code's logs have validation and test of data set 2 the other way round (1984" \
    " and 1986, inpainted 1484 and 1486); either order is as published."

#define IL_CONVENTION_AUTHENTIC                                                                                                \
    "Pictures with nothing to be found have no IoU: alarms is the share of them in which anything is marked, marked the share" \
    " of their pixels."

#endif
