# The caller clears in every phase; while the callee is clearing to hunt on.
> span0 SETUP 1 called=0711123 ch=1
> span0 RELEASE 1 cause=16
> span0 RELEASED 1 cause=16
> sip RELEASED c1 cause=16
> span0 SETUP 2 called=0711123 ch=1
> sip RELEASE c2 cause=41
> span0 RELEASED 2 cause=16
> sip RELEASED c2 cause=41
# RELEASED alone, ringing; and crossing RELEASE.
> span0 SETUP 3 called=0711123 ch=1
> sip ALERTING c3
> span0 RELEASE 3 cause=16
> sip RELEASE c3 cause=17
> sip ANSWER c3
> span0 RELEASE 3 cause=16
> sip RELEASED c3 cause=17
> span0 RELEASED 3 cause=16
