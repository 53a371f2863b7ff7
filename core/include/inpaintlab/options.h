/* options.h - how structs of options may grow.
 *
 * Every struct whose name ends in _opts begins with its own size, is passed by pointer, and gets new members only at its end;
 * a member that is 0 always means what was done before there was one. So a caller that was compiled against fewer members
 * works on: those that it lacks count as 0. One that sets members which this library does not know is refused (IL_EPARAM), and
 * so is a size of 0. NULL in place of options means that all are 0. Structs that are passed by value never change. */
#ifndef IL_OPTIONS_H
#define IL_OPTIONS_H

/* Options in place of an argument: IL_OPTS(il_scope_opts, .training = true). They live as long as the block around the call.
 * In C++: `il_scope_opts o{}; o.size = sizeof o;`. */
#ifndef __cplusplus
#define IL_OPTS(type, ...) (&(type){ .size = sizeof(type), __VA_ARGS__ })
#endif

#endif
