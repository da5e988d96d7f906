# Data and video are not speech; 3.1 kHz audio is carried.
> span0 SETUP 1 called=0711123 bearer=2 ch=1
> span0 RELEASED 1 cause=65
> span0 SETUP 2 called=0711123 bearer=3 ch=1
> span0 RELEASED 2 cause=65
> span0 SETUP 3 called=0711123 bearer=4 ch=1
> span0 RELEASED 3 cause=65
> span0 SETUP 4 called=112 bearer=5 ch=1
> span0 RELEASED 4 cause=65
> span0 SETUP 5 called=0711123 bearer=1 ch=1
> span0 RELEASED 5 cause=16
> sip RELEASED c1 cause=16
