//go:build unix

package main

import (
	"fmt"
	"slices"
	"time"
)

const (
	kilo = 1 << 10
	mega = 1 << 20
)

const (
	// restLimit is how long something may take to go away after everything was stopped.
	restLimit = time.Minute
	// calm is for how long nothing goes away any more when everything has that is to.
	calm = time.Second
)

// measure is one of the things that a process holds, and by how much it may grow without being a leak.
type measure struct {
	what string
	unit int64
	of   func(sample) int64
	part int64 // in percent of what was there before, and
	some int64 // as much besides, and
	each int64 // for each track that was started meanwhile
	peak int64 // for each goroutine that there have been more than ever before: the runtime keeps what it knows of them
}

// compare says that there is more than there may be.
func (m measure) compare(when string, before, now, tracks, peak int64) (grown []string) {
	if most := before + before*m.part/100 + m.some + m.each*tracks + m.peak*peak; now > most {
		grown = append(grown, fmt.Sprintf("%s: %s grew from %d to %d, of which %d could be explained; %d tracks were started meanwhile", when, m.what,
			before/m.unit, now/m.unit, most/m.unit, tracks))
	}
	return grown
}

func goroutines(s sample) int64  { return int64(s.goroutines) }
func descriptors(s sample) int64 { return int64(s.descriptors) }
func children(s sample) int64    { return int64(s.children) }
func heap(s sample) int64        { return s.heap }
func resident(s sample) int64    { return s.resident }

// atRest is measured when all calls are stopped. By then nothing should be left of them: each of these finds a leak of one in a hundred songs within minutes. A
// heap that keeps 1 KB of each track is found from 700 tracks on. What is resident says more of the garbage collector than of the heap, and is for what
// is not in that.
var atRest = []measure{
	{what: "goroutines", unit: 1, of: goroutines, some: 4},
	{what: "descriptors", unit: 1, of: descriptors, some: 4},
	{what: "children", unit: 1, of: children},
	{what: "KB of heap", unit: kilo, of: heap, some: 512 * kilo, each: kilo / 4, peak: kilo},
	{what: "KB of resident memory", unit: kilo, of: resident, part: 50, some: 64 * mega},
}

// inWalk is measured while the calls walk, the last third against the first by their medians: what a call keeps until it is stopped. How many calls are
// connected, and what they play, changes all the time, and the walk's own server remembers more and more of calls that stay. So it finds less: of 200 calls
// about 1.2 KB of each track in ten minutes, and a descriptor or a goroutine of one in a hundred.
var inWalk = []measure{
	{what: "goroutines", unit: 1, of: goroutines, part: 20, some: 100},
	{what: "descriptors", unit: 1, of: descriptors, part: 20, some: 50},
	{what: "children", unit: 1, of: children, part: 50, some: maxProcesses},
	{what: "KB of heap", unit: kilo, of: heap, part: 15, some: 6 * mega, each: kilo / 4},
	{what: "KB of resident memory", unit: kilo, of: resident, part: 30, some: 64 * mega},
}

// keptBy says what has grown from one rest to another.
func (s sample) keptBy(later sample) (grown []string) {
	for _, m := range atRest {
		grown = append(grown, m.compare("when all calls were stopped", m.of(s), m.of(later), int64(later.tracks-s.tracks), int64(later.peak-s.peak))...)
	}
	return grown
}

// beginning is how long a walk is nothing but a beginning: the calls have still to join, on a busy machine.
const beginning = 2 * time.Minute

// grownInWalk says what has grown from the first third of the samples to the last. While the calls begin, nothing is compared.
func grownInWalk(samples []sample) (grown []string) {
	samples = samples[len(samples)/10:]
	third := len(samples) / 3
	if third == 0 || samples[len(samples)-1].at-samples[0].at < beginning {
		return nil
	}
	first, last := samples[:third], samples[len(samples)-third:]
	tracks := last[third/2].tracks - first[third/2].tracks
	for _, m := range inWalk {
		grown = append(grown, m.compare("while the calls walked", median(first, m.of), median(last, m.of), int64(tracks), 0)...)
	}
	return grown
}

// median returns the one in the middle.
func median(samples []sample, of func(sample) int64) int64 {
	var values []int64
	for _, s := range samples {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// leftBehind says what there is more than at the beginning, when everything is closed.
func (s sample) leftBehind(end sample) (left []string) {
	for _, m := range atRest[:3] {
		if before, now := m.of(s), m.of(end); now > before {
			left = append(left, fmt.Sprintf("%d %s are there, %d were at the beginning", now, m.what, before))
		}
	}
	return left
}
