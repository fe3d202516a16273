package sfutest

// ring keeps the latest items, up to a limit. It grows as items come.
type ring[T any] struct {
	limit int
	items []T
	total int64 // ever pushed; the one with number n is at n modulo limit
}

func (r *ring[T]) push(item T) {
	switch {
	case r.limit == 0:
	case len(r.items) < r.limit:
		r.items = append(r.items, item)
	default:
		r.items[r.total%int64(r.limit)] = item
	}
	r.total++
}

// oldest is the number of the oldest item that is kept.
func (r *ring[T]) oldest() int64 { return r.total - int64(len(r.items)) }

// at returns the item with a number from oldest to total-1.
func (r *ring[T]) at(n int64) T { return r.items[n%int64(r.limit)] }

// all returns a copy of the items, in order.
func (r *ring[T]) all() []T {
	out := make([]T, 0, len(r.items))
	for n := r.oldest(); n < r.total; n++ {
		out = append(out, r.at(n))
	}
	return out
}
