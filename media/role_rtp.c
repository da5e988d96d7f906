/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTP of all calls together, those that have ended among them. */
#include "media/role_priv.h"

#include <stddef.h>

#define AT(member) offsetof(struct media_figures, member)

static const struct {
	const char *name;
	size_t at;
	const char *help;
} counters[ROLE_RTP_COUNTERS] = {
	{ "rtp_sent_total", AT(rtp_tx), "RTP packets sent" },
	{ "rtp_received_total", AT(rtp_rx), "RTP packets taken" },
	{ "rtp_lost_total", AT(rtp_lost), "RTP packets that never came" },
	{ "rtp_late_total", AT(rtp_late),
	  "RTP packets that came after their time" },
	{ "rtp_duplicate_total", AT(rtp_dup), "RTP packets that came twice" },
	{ "rtp_bad_total", AT(rtp_bad),
	  "packets on RTP ports that were no RTP of the peer" },
	{ "srtp_forged_total", AT(srtp_forged),
	  "SRTP packets not authentic, or in the clear" },
	{ "srtp_replayed_total", AT(srtp_replayed),
	  "SRTP packets seen before" },
	{ "rtp_concealed_ms_total", AT(concealed_ms),
	  "audio made up for what was lost" },
};

/* Lost packets that come after all make a figure smaller, a counter not. */
void media_count_rtp(struct media_role *m, struct media_user *u,
		     const struct media_figures *f)
{
	for (unsigned i = 0; i < ROLE_RTP_COUNTERS; i++) {
		uint32_t now = *(const uint32_t *)((const char *)f +
						   counters[i].at);

		if (now <= u->counted[i])
			continue;
		m->rtp[i] += now - u->counted[i];
		u->counted[i] = now;
	}
}

void media_put_rtp_metrics(struct media_role *m, struct text *t)
{
	for (unsigned i = 0; i < ROLE_RTP_COUNTERS; i++)
		media_put_one(t, counters[i].name, "counter",
			      counters[i].help, m->rtp[i]);
}
