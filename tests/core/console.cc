# The operator's questions, and the trace of call events.
> span0 SETUP 1 called=0711123 ch=1 ref=0x0001
trace
> sip ANSWER c1 media=198.51.100.7:40000 ref=a@b
ask calls
ask spans
ask trunks
ask explain carrier 0711123
ask explain provider 900
ask explain nobody 900
ask explain
ask explain carrier x
ask nonsense
> span0 RELEASED 1 cause=16
> sip RELEASED c1 cause=16
down console
up console
> span0 SETUP 2 called=0711123 ch=1
> span0 RELEASED 2 cause=16
> sip RELEASED c2 cause=16
ask metrics
