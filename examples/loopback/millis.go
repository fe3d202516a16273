package main

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// millis is a duration that reads as milliseconds, in text and in JSON.
type millis time.Duration

// String returns the duration with as many decimals as mean something to the ear, and its unit.
func (m millis) String() string { return fmt.Sprintf("%.2f ms", m.float()) }

// MarshalJSON writes milliseconds with three decimals at most.
func (m millis) MarshalJSON() ([]byte, error) { return json.Marshal(math.Round(m.float()*1000) / 1000) }

func (m millis) float() float64 { return float64(m) / float64(time.Millisecond) }

// minutes writes a position as a player does: 1:02.5.
func minutes(d time.Duration) string {
	tenths := int64(max(0, d) / (100 * time.Millisecond))
	return fmt.Sprintf("%d:%02d.%d", tenths/600, tenths/10%60, tenths%10)
}

func (m millis) abs() millis { return max(m, -m) }
