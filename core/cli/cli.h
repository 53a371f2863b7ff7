/* cli.h - the program's commands, and options that several of them share. */
#ifndef IL_CLI_CLI_H
#define IL_CLI_CLI_H

#include <inpaintlab/device.h>
#include "cli/command.h"

extern const il_command il_cmd_plan, il_cmd_run, il_cmd_report, il_cmd_compare, il_cmd_sql, il_cmd_plugins,
    il_cmd_bench, il_cmd_slurm, il_cmd_model, il_cmd_detect, il_cmd_dataset, il_cmd_export, il_cmd_weights, il_cmd_new,
    il_cmd_merge, il_cmd_prune, il_cmd_check_plugin;

#define IL_CLI_DB(type, member)                                                                                        \
    {                                                                                                                  \
        "--db FILE", "database (default " IL_CLI_DATABASE ")", IL_INTO(type, member)                                   \
    }
#define IL_CLI_DEVICE(type, member)                                                                                    \
    {                                                                                                                  \
        "--device DEVICE", "auto, cpu, cuda or cuda:N (default auto)", IL_INTO(type, member)                           \
    }

/* The device that --device means. Where `auto` takes the CPU although a GPU's driver is there, says why, once. */
int il_cli_device(il_device *out, const char *text, il_err *e);

#define IL_CLI_THREADS(type, member)                                                                                   \
    {                                                                                                                  \
        "--threads N", "threads within one operation (default: libtorch's choice)", IL_INTO(type, member),             \
            .most = 1024                                                                                               \
    }
#define IL_CLI_MEMORY(type, member)                                                                                    \
    {                                                                                                                  \
        "--memory MIB",                                                                                                \
            "memory for decoding pictures, all threads together (default: a quarter of the machine's, at least 4096)", \
            IL_INTO(type, member), .least = 1, .most = 1 << 22                                                         \
    }
#define IL_CLI_LOADER_THREADS(type, member)                                                                            \
    {                                                                                                                  \
        "--loader-threads N", "threads that read images (default: one per core)", IL_INTO(type, member), .most = 1024  \
    }

#endif
