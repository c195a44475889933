// SPDX-License-Identifier: Apache-2.0
// The floor of scripts/bench: logs in once with each connection string, one after the other, and ends. Nothing but libpq.
#include <libpq-fe.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    PGconn *open[64];
    int count = argc - 1;
    if (count < 1 || count > 64) {
        fprintf(stderr, "usage: logins CONNINFO…\n");
        return 2;
    }
    for (int i = 0; i < count; ++i) {
        open[i] = PQconnectdb(argv[i + 1]);
        if (PQstatus(open[i]) != CONNECTION_OK) {
            fprintf(stderr, "logins: %s", PQerrorMessage(open[i]));
            return 1;
        }
    }
    for (int i = 0; i < count; ++i) PQfinish(open[i]);
    return 0;
}
