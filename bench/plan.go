package main

import (
	"maps"
	"slices"
	"time"
)

// row is one measurement: so many calls of one kind.
type row struct {
	What      string
	Calls     int
	Addresses int
	Length    time.Duration
	Song      string
	Profile   string // the beginning of the profiles' names, empty for none
	Receiver  string // where the receiver listens for the sender's questions
}

// kind is a way to send.
type kind struct {
	order    int // in the table
	title    string
	open     func(row, *receiver) (fleet, error)
	children func(calls int) int
}

func none(int) int       { return 0 }
func one(int) int        { return 1 }
func each(calls int) int { return calls }

// kinds are what -what chooses from.
var kinds = map[string]kind{
	"seal":       {order: 0, title: "seal and send", open: openSeals, children: none},
	"peer":       {order: 1, title: "bare PeerConnection", open: openPeers, children: none},
	"opus":       {order: 2, title: "Opus file", open: library(opusFile), children: none},
	"opus-mux":   {order: 3, title: "Opus file, WithSharedUDPMux", open: library(opusFile, sharedSockets), children: none},
	"shared":     {order: 4, title: "Shared mp3", open: library(encodedOnce), children: one},
	"shared-mux": {order: 5, title: "Shared mp3, WithSharedUDPMux", open: library(encodedOnce, sharedSockets), children: one},
	"mp3":        {order: 6, title: "mp3", open: library(encoded), children: each},
}

func names() []string {
	return slices.SortedFunc(maps.Keys(kinds), func(a, b string) int { return kinds[a].order - kinds[b].order })
}

func (r row) children() int { return kinds[r.What].children(r.Calls) }

// plan returns the rows: for each number of calls what it costs to do it barely first.
func plan(s settings) (rows []row) {
	for _, calls := range s.calls {
		for _, name := range names() {
			if slices.Contains(s.what, name) {
				rows = append(rows, row{
					What: name, Calls: calls, Addresses: s.addresses, Length: s.length, Song: s.song, Profile: s.profiles,
				})
			}
		}
	}
	return rows
}
