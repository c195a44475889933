// SPDX-License-Identifier: Apache-2.0
// Runs a command and writes what it cost as one line of JSON. A program of its own because ru_maxrss of a child begins
// with the size of whoever forked it, which in Python hides what is measured here.
//
//   measure RESULT COMMAND [ARGUMENT…]
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(clockid_t clock)
{
    struct timespec at;
    clock_gettime(clock, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static double seconds(struct timeval value) { return (double)value.tv_sec + (double)value.tv_usec / 1e6; }

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: measure RESULT COMMAND [ARGUMENT…]\n");
        return 2;
    }
    FILE *out = fopen(argv[1], "we");
    if (out == NULL) {
        perror(argv[1]);
        return 2;
    }
    const double began = now(CLOCK_MONOTONIC);
    const pid_t child = vfork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    int status = 0;
    struct rusage used;
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        perror("measure");
        return 2;
    }
    const double wall = now(CLOCK_MONOTONIC) - began;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    fprintf(out, "{\"wall\": %.6f, \"user\": %.6f, \"system\": %.6f, \"kilobytes\": %ld, \"ended\": %.6f, \"exit\": %d}\n", wall,
            seconds(used.ru_utime), seconds(used.ru_stime), used.ru_maxrss, now(CLOCK_REALTIME), code);
    fclose(out);
    return code;
}
