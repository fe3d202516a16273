package player

import (
	"fmt"
	"strconv"
	"strings"
)

// Owners reads the numbers of the users who may command a bot, with commas or spaces between them.
func Owners(list string) (owners []int64, err error) {
	for _, id := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		owner, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not the number of a user; expected such as 123456,234567", id)
		}
		owners = append(owners, owner)
	}
	return owners, nil
}
