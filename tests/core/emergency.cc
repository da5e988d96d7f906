# Nothing blocks, rewrites or limits an emergency call: not the allow list, not
# a pattern, not draining, not the last records.
routes none
route t0 to=0 allow=0* match=0*
route t0 to=1 allow=9* match=11* strip=1 prefix=77
route s0 to=0 match=+*
drain
> sip SETUP 1 called=112 calling=+4971155 media=198.51.100.7:40000
> span1 RELEASED c1 cause=34
> span0 ANSWER c2 ch=1
> span0 RELEASED c2 cause=16
> sip RELEASED 1 cause=16
> span0 SETUP 1 called=112/n ch=2
> span0 RELEASED 1 cause=16
> sip RELEASED c3 cause=16
> sip SETUP 2 called=0711 media=198.51.100.7:40000
> sip RELEASED 2 cause=41
> sip END_STATE end=0
> span0 SETUP 2 called=112 ch=2
> sip RELEASED c4 cause=41
> span0 RELEASED 2 cause=41
