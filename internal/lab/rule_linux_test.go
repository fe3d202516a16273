package lab

import (
	"fmt"
	"regexp"
	"strconv"
)

// rule is a rule of nftables on a host, in a table of its own.
type rule struct {
	host  *host
	table string
}

// filter puts a rule on one of the host's hooks, input or output. What a rule drops on output is an error for the program that sends it, EPERM; what it
// drops on input is lost on the way.
func (h *host) filter(hook, statement string) (*rule, error) {
	r := &rule{h, fmt.Sprintf("rule%d", lab.names.Add(1))}
	script := fmt.Sprintf("table inet %s { chain c { type filter hook %s priority 0; %s; }\n}\n", r.table, hook, statement)
	if _, err := h.run(script, "nft", "-f", "-"); err != nil {
		return nil, err
	}
	return r, nil
}

// lift takes the rule away.
func (r *rule) lift() error {
	_, err := r.host.run("", "nft", "delete", "table", "inet", r.table)
	return err
}

var counted = regexp.MustCompile(`counter packets (\d+)`)

// packets returns how many datagrams the rule's counter has seen.
func (r *rule) packets() (int, error) {
	out, err := r.host.run("", "nft", "list", "table", "inet", r.table)
	if err != nil {
		return 0, err
	}
	m := counted.FindStringSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("the rule has no counter: %s", out)
	}
	return strconv.Atoi(m[1])
}
