package channelcmd

import (
	"fmt"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
)

// away is how long a channel goes on trying before it says that its store is out
// of reach.
const away = "up to two minutes while BigCommerce is out of reach"

func saving(id string) session.Wait {
	return session.Wait{
		For: fmt.Sprintf("channel %s: waiting until both sides were tried and the hooks match, which takes %s", id, away),
		Left: fmt.Sprintf("channel %s: what was asked for may still happen; \"orderbridge channels show %s\" and \"… history %s\" say whether it did",
			id, id, id),
	}
}

func sealing(id string) session.Wait {
	return session.Wait{
		For:  fmt.Sprintf("channel %s: waiting for its worker, which takes %s", id, away),
		Left: fmt.Sprintf("channel %s: its credentials may still be sealed anew; repeat the command to be sure", id),
	}
}

func auditing(id string) session.Wait {
	return session.Wait{
		For: fmt.Sprintf("channel %s: waiting for the audit, which takes a minute or two where hooks were made anew, and %s", id, away),
		Left: fmt.Sprintf("channel %s: the audit goes on; see the workflow %s/request in the Temporal Web UI",
			id, channels.AuditID(id)),
	}
}

func checking(id string) session.Wait {
	return session.Wait{
		For: fmt.Sprintf("channel %s: waiting for the check, which takes up to two and a half minutes where no delivery arrives", id),
		Left: fmt.Sprintf("channel %s: the check goes on; see the workflow %s in the Temporal Web UI, or repeat the command to watch it",
			id, channels.CheckID(id)),
	}
}

func removing(id string) session.Wait {
	return session.Wait{
		For: fmt.Sprintf("channel %s: waiting until its hooks are removed, which takes %s", id, away),
		Left: fmt.Sprintf("channel %s: the removal goes on; \"orderbridge channels list\" says whether it is gone, "+
			"and \"orderbridge channels remove %s --force\" waits no longer for its hooks", id, id),
	}
}
