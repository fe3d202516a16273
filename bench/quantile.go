package main

import (
	"slices"
	"time"
)

// quantile returns the smallest value that at least the part q of the values does not exceed (nearest rank); 0 without values. It sorts them.
func quantile(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	rank := int(q*float64(len(values))+0.9999999) - 1
	return values[min(max(rank, 0), len(values)-1)]
}
