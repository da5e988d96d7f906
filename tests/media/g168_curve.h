/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pictures of the report: how echo goes away over time. */
#ifndef TESTS_G168_CURVE_H
#define TESTS_G168_CURVE_H

#include "tests/media/g168_scene.h"

/* Writes ec-*.svg into a folder; speech is the condition for the one on
 * speech. 0, or -errno of what could not be written. */
int g168_curves_write(const char *folder,
		      const struct g168_condition *reference,
		      const struct g168_condition *speech);

#endif
