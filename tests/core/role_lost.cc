# A role dies with calls in every phase; the other side is cleared with 41, a
# callee not yet ringing is sought elsewhere.
> span0 SETUP 1 called=0711123 ch=1
> sip ANSWER c1 media=198.51.100.7:40000
> sip SETUP 2 called=0711123 media=198.51.100.7:40000
> span0 ALERTING c2 ch=2
> span0 SETUP 3 called=0711123 ch=3
> sip RELEASE c3 cause=41
down span0
> sip RELEASED c1 cause=41
> sip RELEASED 2 cause=41
> sip RELEASED c3 cause=41
up span0
> span0 SETUP 1 called=0711123 ch=1
> sip ANSWER c4 media=198.51.100.7:40000
> sip SETUP 5 called=0711123 media=198.51.100.7:40000
> span0 SETUP 4 called=0711123 ch=4
down sip
> span0 RELEASED 1 cause=41
> span0 RELEASED c5 cause=41
> span0 RELEASED 4 cause=41
> span0 SETUP 6 called=0711123 ch=1
> span0 RELEASED 6 cause=38
up sip
# A link replaced without a word about the old one.
> span0 SETUP 7 called=0711123 ch=1
> sip ANSWER c7 media=198.51.100.7:40000
up sip
> span0 RELEASED 7 cause=41
