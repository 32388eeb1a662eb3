package channelcmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ids are the value of a flag that takes numbers, separated by commas or by
// giving it again. An empty value stands for the default.
type ids []int64

// String implements pflag.Value.
func (v *ids) String() string {
	texts := make([]string, 0, len(*v))
	for _, id := range *v {
		texts = append(texts, strconv.FormatInt(id, 10))
	}
	return strings.Join(texts, ",")
}

// Set implements pflag.Value.
func (v *ids) Set(text string) error {
	if strings.TrimSpace(text) == "" {
		*v = nil
		return nil
	}
	next := slices.Clone(*v)
	for part := range strings.SplitSeq(text, ",") {
		id, err := strconv.ParseInt(strings.TrimSpace(part), 10, 32)
		if err != nil {
			return fmt.Errorf("%q is not a number: give ids separated by commas, for example 2,10, or \"\" for the default", strings.TrimSpace(part))
		}
		next = append(next, id)
	}
	*v = next
	return nil
}

// Type implements pflag.Value.
func (*ids) Type() string { return "ids" }
