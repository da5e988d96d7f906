# A trunk has called a line and transfers it, blind, to a number that is in its
# list. The first end is down for it, the second rings and answers.
> sip SETUP 1 called=+49711123 calling=+4930555 media=198.51.100.7:40000 ref=abc@example
> span0 ANSWER c1 ch=31 ref=0x8001
> sip HOLD 1
> sip TRANSFER 1 transfer=1 called=+49711999
> sip RELEASED c2 cause=41
> sip ALERTING c3
> sip ANSWER c3 media=198.51.100.8:41000 connected=+49711999 ref=def@example
> sip RELEASED 1 cause=16
advance 10000
> sip RELEASE c3 cause=16
> sip RELEASED c3 cause=16
> span0 RELEASED c1 cause=16
# A line has called a trunk; refused by policy, then by the target; the parties
# are as before.
> span0 SETUP 5 called=0711222 calling=711123/n/p ch=3
> sip ANSWER c4 media=198.51.100.7:40000
> sip TRANSFER c4 transfer=1 called=+4930999
> sip TRANSFER c4 transfer=1
> sip TRANSFER c4 transfer=1 called=+49711999
> sip TRANSFER c4 transfer=1 called=+49711998
> sip RELEASE c5 cause=17
> sip RELEASED c5 cause=17
# Attended: to one that the trunk talks to, who has no number.
> sip TRANSFER c4 transfer=2
> sip ANSWER c6 media=198.51.100.9:42000
advance 3000
> sip RELEASED c4 cause=16
# And who has asked is gone before it rings.
> sip TRANSFER c6 transfer=1 called=+49711997
> sip RELEASE c6 cause=16
> sip RELEASED c6 cause=16
> sip ALERTING c7
> sip ANSWER c7 media=198.51.100.7:40000
> span0 RELEASE 5 cause=16
> span0 RELEASED 5 cause=16
> sip RELEASED c7 cause=16
# Gone, and nobody answers.
> sip SETUP 2 called=+49711123 calling=+4930555 media=198.51.100.7:40000
> span0 ANSWER c8 ch=31
> sip TRANSFER 2 transfer=1 called=+49711999
> sip RELEASED 2 cause=16
advance 230000
> sip RELEASED c9 cause=16
> span0 RELEASED c8 cause=16
