/* SPDX-License-Identifier: Apache-2.0 */
/* Says when SIGTERM reached it, in seconds since the epoch, and ends. */
#include <signal.h>
#include <stdio.h>
#include <time.h>

int main(void) {
    sigset_t term;
    struct timespec now;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    puts("ready");
    fflush(stdout);
    sigwaitinfo(&term, NULL);
    clock_gettime(CLOCK_REALTIME, &now);
    printf("%ld.%09ld\n", (long)now.tv_sec, now.tv_nsec);
    return 0;
}
