# Routes change under a call that is hunting, and one that is up.
> span0 SETUP 1 called=0711123 ch=1
> span0 SETUP 2 called=0711123 ch=2
> sip ANSWER c2 media=198.51.100.7:40000
routes none
route s0 to=1
reload
> sip RELEASED c1 cause=41
> span0 RELEASED 1 cause=41
> span0 SETUP 3 called=0711123 ch=1
> sip RELEASED c3 cause=17
> span0 RELEASED 3 cause=17
media manual
> span0 SETUP 4 called=0711123 ch=1
routes none
route s0 to=0 prefix=+33
reload
> media OPENED ref=0x10004 id=9
media auto
> span0 RELEASED 4 cause=16
> sip RELEASED c4 cause=16
> span0 RELEASED 2 cause=16
> sip RELEASED c2 cause=16
