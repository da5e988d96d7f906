# Hold and retrieve from both sides; what was on hold stays so in an update.
> sip SETUP 1 called=0711123 media=198.51.100.7:40000
> span0 ANSWER c1 ch=1
> sip HOLD 1
> sip UPDATE 1 media=198.51.100.7:40000/recvonly
> sip RETRIEVE 1 media=198.51.100.7:40000
> span0 HOLD c1
> span0 RETRIEVE c1
> span0 UPDATE c1 connected=711777/n
> sip UPDATE 1 connected=+4930777
> sip TRANSFER 1
> sip INFO 1
> span0 RELEASED c1 cause=16
> sip RELEASED 1 cause=16
