/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * span_ctl: takes away or brings back one end of a cross-connected pair of
 * DAHDI dynamic spans, to play a cut line. The end that stays sees a red
 * alarm within two seconds. No channel of the end taken away may be open.
 *
 *   span_ctl destroy 0:1          (address as in system.conf: dynamic=loc,0:1,...)
 *   span_ctl create 0:1 31        prints the span number
 *   span_ctl show                 one line a span
 */
#include <dahdi/user.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
	struct dahdi_dynamic_span d;
	int fd = open("/dev/dahdi/ctl", O_RDWR);
	if (fd < 0) {
		perror("/dev/dahdi/ctl");
		return 1;
	}
	if (argc == 2 && !strcmp(argv[1], "show")) {
		for (int i = 1; i < DAHDI_MAX_SPANS; i++) {
			struct dahdi_spaninfo s;
			memset(&s, 0, sizeof s);
			s.spanno = i;
			if (!ioctl(fd, DAHDI_SPANSTAT, &s))
				printf("span %d %s channels %d configured %d alarms 0x%x\n", i, s.name, s.totalchans, s.numchans, s.alarms);
		}
		return 0;
	}
	if (argc < 3) {
		fprintf(stderr, "usage: span_ctl destroy ADDRESS | create ADDRESS CHANNELS | show\n");
		return 2;
	}
	memset(&d, 0, sizeof d);
	snprintf(d.driver, sizeof d.driver, "loc");
	snprintf(d.addr, sizeof d.addr, "%s", argv[2]);
	d.numchans = argc > 3 ? atoi(argv[3]) : 31;
	if (ioctl(fd, argv[1][0] == 'd' ? DAHDI_DYNAMIC_DESTROY : DAHDI_DYNAMIC_CREATE, &d)) {
		perror(argv[1]);
		return 1;
	}
	if (argv[1][0] == 'c')
		printf("%d\n", d.spanno);
	return 0;
}
