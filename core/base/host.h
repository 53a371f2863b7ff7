/* host.h - the machine that the program runs on, in words. */
#ifndef IL_BASE_HOST_H
#define IL_BASE_HOST_H

typedef struct il_host_words {
    char text[256];
} il_host_words;

/* Its name in the network; "?" where it has none. */
il_host_words il_host_name(void);
/* The model of its processor, or its architecture where the system does not tell. */
il_host_words il_host_processor(void);
/* The job that a scheduler runs the program in, as SLURM_JOB_ID tells; "" outside of one. */
il_host_words il_host_job(void);
/* How often a scheduler has started that job before: SLURM_RESTART_COUNT; 0 where it does not say. */
long il_host_restarts(void);
/* How many cores it has, and how many of them this process may run on. */
int il_host_cores(void);
int il_host_own_cores(void);

#endif
