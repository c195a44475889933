// SPDX-License-Identifier: Apache-2.0
// Watches a port of the loopback in a tight loop and prints the time (CLOCK_REALTIME, seconds) at which PostgreSQL first
// answered a startup packet with a request for authentication, which is when it first accepts logins.
//
//   first_accept PORT USER DATABASE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static size_t append(char *packet, size_t at, const char *text)
{
    const size_t length = strlen(text) + 1;
    memcpy(packet + at, text, length);
    return at + length;
}

int main(int argc, char **argv)
{
    if (argc != 4 || strlen(argv[2]) + strlen(argv[3]) > 200) {
        fprintf(stderr, "usage: first_accept PORT USER DATABASE\n");
        return 2;
    }
    char packet[256] = {0};
    size_t length = 4;
    const uint32_t protocol = htonl(196608);
    memcpy(packet + length, &protocol, 4);
    length += 4;
    length = append(packet, length, "user");
    length = append(packet, length, argv[2]);
    length = append(packet, length, "database");
    length = append(packet, length, argv[3]);
    length = append(packet, length, "");
    const uint32_t size = htonl((uint32_t)length);
    memcpy(packet, &size, 4);

    struct sockaddr_in server = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)atoi(argv[1])),
                                 .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct timespec pause = {0, 100000};
    for (;;) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char answer = 0;
        if (connect(fd, (struct sockaddr *)&server, sizeof server) == 0 &&
            write(fd, packet, length) == (ssize_t)length && read(fd, &answer, 1) == 1 && answer == 'R') {
            struct timespec at;
            clock_gettime(CLOCK_REALTIME, &at);
            printf("%lld.%09ld\n", (long long)at.tv_sec, at.tv_nsec);
            return 0;
        }
        close(fd);
        nanosleep(&pause, NULL);
    }
}
