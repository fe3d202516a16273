#!/bin/sh
# flashbeep.sh SECONDS OUTPUT [SIZE [RATE]]: a clip to measure lip-sync with. The picture is black and turns white for 100 ms at every full second
# but the first, 0; a tone of 1 kHz sounds at the same moments. The ending of OUTPUT names the container, MP4 or Matroska. SIZE defaults to
# 320x180, RATE to 30 frames per second; at a rate like 30000/1001 a flash begins with the first frame of its second. Needs ffmpeg with libx264.
set -eu
if [ $# -lt 2 ] || [ $# -gt 4 ]; then
	sed -n '2s/^# //p' "$0" >&2
	exit 2
fi
seconds=$1 out=$2 size=${3:-320x180} rate=${4:-30}
case $out in
/*) ;;
*) out=./$out ;; # a name that begins with - is no option, one with a colon no protocol
esac

# The millisecond keeps rounding from putting a frame at a full second before it.
flash='gte(t,0.9)*lt(mod(t+0.001,1),0.1)'
beep='0.5*sin(2*PI*1000*t)*gte(t,0.9)*lt(mod(t,1),0.1)'

# One thread and bit-exact, so that the same ffmpeg writes the same file.
ffmpeg -nostdin -v error -y \
	-f lavfi -i "color=black:s=$size:r=$rate:d=$seconds,drawbox=color=white:t=fill:enable='$flash',format=yuv420p" \
	-f lavfi -i "aevalsrc='$beep':s=48000:d=$seconds" \
	-map_metadata -1 -fflags +bitexact -flags +bitexact \
	-c:v libx264 -preset veryfast -threads 1 -g 60 -c:a aac -b:a 48k -movflags +faststart "$out"
