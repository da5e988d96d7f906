# Diversion, user-to-user information and trunk groups. A diverted call from
# the line, then one from SIP that carries user-to-user information both ways.
> span0 SETUP 1 called=0711123 calling=711999/n redirecting=711777/n original=711888/n reason=1 diverted=2 uui=5 ch=1
> sip ALERTING c1 uui=6
> sip ANSWER c1 media=192.0.2.9:7000 uui=7
> span0 RELEASE 1 cause=16 uui=8
> span0 RELEASED 1 cause=16 uui=9
> sip RELEASED c1 cause=16
> sip SETUP 2 called=+49711100 calling=+4930555 redirecting=+4971177/r original=+4971188 reason=15 diverted=3 uui=5 media=192.0.2.9:7000
> span0 ALERTING c2 ch=1 uui=6
> span0 RELEASE c2 cause=17 uui=8
> span0 RELEASED c2 cause=17
> sip RELEASED 2 cause=17
routes none
route t0 to=0 allow=+49*
route t0 to=1 allow=+49*
reload
# A trunk group: the second span, though the first route leads to the first.
> sip SETUP 3 called=+49711100 calling=+4930555 group=pbx media=192.0.2.9:7000
> sip RELEASED 3 cause=16
> span1 RELEASED c3 cause=16
> sip SETUP 4 called=+49711100 calling=+4930555 group=nowhere media=192.0.2.9:7000
> sip RELEASED 4 cause=16
