# A channel that isdn gives to a newer call: the older one is ended.
> span0 SETUP 1 called=0711123 ch=1
> sip ANSWER c1 media=198.51.100.7:40000
> span0 SETUP 2 called=0711123 ch=1
> span0 RELEASED 1 cause=41
> sip RELEASED c1 cause=41
> sip SETUP 3 called=0711123 media=198.51.100.7:40000
> span0 PROCEEDING c3 ch=5
> span0 ALERTING c3 ch=6
> span0 RELEASED 2 cause=16
> sip RELEASED c2 cause=16
> span0 RELEASED c3 cause=16
> sip RELEASED 3 cause=16
