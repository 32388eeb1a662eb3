package session

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// OneChannel is for the Args of a command that takes the id of one channel. Its
// refusal says so, where cobra would count arguments.
func OneChannel(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0 || args[0] == "":
		return Misused(cmd, errors.New("give the id of the channel"))
	case len(args) > 1:
		return Misused(cmd, fmt.Errorf("give the id of one channel, and nothing after it: %q is too much", args[1]))
	default:
		return nil
	}
}

// Misused adds to what is wrong with the arguments or flags of a command where
// to read what it takes.
func Misused(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%w; see \"%s --help\"", err, cmd.CommandPath())
}
