# The sip role dies: the latest snapshot of each leg it had goes to the next
# one, once. Legs that ended in order leave nothing.
> span0 SETUP 1 called=0711123 ch=1
> sip SNAPSHOT c1 first of c1
> sip ANSWER c1 media=198.51.100.7:40000
> sip SNAPSHOT c1 second of c1
> sip SETUP 2 called=0711123 media=198.51.100.7:40000
> sip SNAPSHOT 2 of 2
> sip SETUP 3 called=0711124 media=198.51.100.7:40000
> sip SNAPSHOT 3 of 3
> sip RELEASED 3 cause=16
> span0 RELEASED c3 cause=16
down sip
> span0 RELEASED 1 cause=41
> span0 RELEASED c2 cause=41
up sip
# Not a second time.
down sip
up sip
# The far end clears while the role is away; a leg that is being released.
> span0 SETUP 4 called=0711123 ch=1
> sip SNAPSHOT c4 of c4
> sip ANSWER c4 media=198.51.100.7:40000
> span0 RELEASED 4 cause=16
up sip
# Of no leg, of a span's leg, and what only the core may send.
> sip SNAPSHOT 77 nobody
> span0 SETUP 5 called=0711123 ch=1
> span0 SNAPSHOT 5 mine
> sip CLEAR c5 no
> span0 RELEASED 5 cause=16
> sip RELEASED c5 cause=16
ask status
