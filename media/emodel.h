/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Voice quality by the E-model (G.107) for G.711 with loss concealment: the
 * default rating, less what delay and loss take from it. Pure; tick.
 */
#ifndef MEDIA_EMODEL_H
#define MEDIA_EMODEL_H

/* Rating R, 0-100: one-way delay from mouth to ear, lost packets. */
float emodel_rating(float delay_ms, float loss_percent);
/* 1.0-4.5 */
float emodel_mos(float rating);

#endif
