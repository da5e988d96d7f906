/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trunkgate-isdn: the isdn role of one span as a process of its own, started
 * by the supervisor with `--role isdn --ctl-fd N`. The only program of the
 * gateway that links libpri.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/log.h"
#include "gateway/base/role.h"
#include "gateway/base/str.h"

int main(int argc, char **argv)
{
	uint32_t fd = 0;
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--role") == 0 &&
		    strcmp(argv[i + 1], "isdn") == 0) {
			continue;
		}
		if (strcmp(argv[i], "--ctl-fd") != 0 ||
		    str_to_u32(argv[i + 1], INT32_MAX, &fd) < 0) {
			break;
		}
	}
	if (i != argc || !fd) {
		fprintf(stderr, "trunkgate-isdn: started by trunkgate, not by "
				"hand (usage: --role isdn --ctl-fd N)\n");
		return 2;
	}
	log_init("isdn", LOG_LVL_INFO);
	return role_main(&isdn_role_ops, (int)fd);
}
