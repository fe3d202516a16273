#!/bin/sh
# Makes the media files of this folder anew. Needs go and ffmpeg with libopus, libmp3lame and libx264. README.md says what each file is for.
set -eu
cd "$(dirname "$0")"
wav=$(mktemp -d)
trap 'rm -rf "$wav"' EXIT
go run ./gen -seconds 20 -o "$wav/song.wav"

# encode SECONDS OUTPUT OPTIONS...: bit-exact, so that the same ffmpeg writes the same file.
encode() {
	seconds=$1 out=$2
	shift 2
	ffmpeg -nostdin -v error -y -i "$wav/song.wav" -t "$seconds" -map_metadata -1 "$@" \
		-metadata title="A Short Piece" -metadata artist="The gotgcall authors" \
		-fflags +bitexact -flags:a +bitexact "$out"
}

encode 20 song.mp3 -c:a libmp3lame -b:a 128k -id3v2_version 3
encode 5 song.ogg -c:a libopus -b:a 96k -frame_duration 20 -page_duration 20000
encode 5 pages1s.ogg -c:a libopus -b:a 64k -frame_duration 60 -page_duration 1000000
sh ./flashbeep.sh 10 flashbeep.mp4
ls -l song.mp3 song.ogg pages1s.ogg flashbeep.mp4
