# The sip role dies. Answered calls go on with the next one; what is not
# answered, or has ended meanwhile, is cleared.
> span0 SETUP 1 called=0711123 ch=1
> sip SNAPSHOT c1 first of c1
> sip ANSWER c1 media=198.51.100.7:40000
> sip SNAPSHOT c1 second of c1
> sip SETUP 2 called=0711124 media=198.51.100.7:40000
> sip SNAPSHOT 2 of 2, offered
> span0 ANSWER c2 ch=2
> sip SNAPSHOT 2 of 2, answered
> sip SETUP 3 called=0711125 media=198.51.100.7:40000
> sip SNAPSHOT 3 of 3, offered
> span0 ALERTING c3 ch=3
> span0 SETUP 4 called=0711126 ch=4
> sip ANSWER c4 media=198.51.100.8:40000
down sip
# Without a snapshot (c4) it cannot be kept, ringing (3) it must not.
> span0 RELEASED c3 cause=41
> span0 RELEASED 4 cause=41
# What is said meanwhile is told later.
> span0 HOLD 1
up sip
# They live, both ways.
> sip HOLD 2
> span0 RETRIEVE 1
> span0 RELEASED 1 cause=16
> sip RELEASED c1 cause=16
# Once more, and the line ends it before there is a new role.
down sip
> span0 RELEASED c2 cause=16
up sip
# The new role cannot.
> span0 SETUP 5 called=0711123 ch=1
> sip ANSWER c5 media=198.51.100.7:40000
> sip SNAPSHOT c5 of c5
down sip
up sip
> sip RELEASED c5 cause=41
> span0 RELEASED 5 cause=41
# No new role.
> span0 SETUP 6 called=0711123 ch=1
> sip ANSWER c6 media=198.51.100.7:40000
> sip SNAPSHOT c6 of c6
down sip
advance 9000
advance 1500
> span0 RELEASED 6 cause=41
up sip
ask status
