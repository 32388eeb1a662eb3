package shipstation

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// document is an order as it came, field by field.
type document map[string]json.RawMessage

// wireOrder is what the adapter looks at in an order.
type wireOrder struct {
	OrderID         int64  `json:"orderId"`
	OrderNumber     string `json:"orderNumber"`
	OrderKey        string `json:"orderKey"`
	OrderStatus     string `json:"orderStatus"`
	ModifyDate      string `json:"modifyDate"`
	AdvancedOptions struct {
		StoreID       int64   `json:"storeId"`
		MergedOrSplit bool    `json:"mergedOrSplit"`
		MergedIDs     []int64 `json:"mergedIds"`
	} `json:"advancedOptions"`
}

// wireNumber is how much of an order a search looks at before it knows that the
// order is the one. Another order may be as odd as it likes.
type wireNumber struct {
	OrderNumber string `json:"orderNumber"`
}

type wirePage struct {
	Orders *[]json.RawMessage `json:"orders"`
	Pages  int                `json:"pages"`
}

// mergedOrSplit reports whether the order is more or less than one order of the
// sales channel.
func (o *wireOrder) mergedOrSplit() bool {
	return o.AdvancedOptions.MergedOrSplit || len(o.AdvancedOptions.MergedIDs) > 0
}

// order gives what was read its meaning. Its errors repeat nothing of it.
func (o *wireOrder) order() (downstream.Order, error) {
	status, known := statusOf(o.OrderStatus)
	modified, err := modifyTime(o.ModifyDate)
	number := strings.TrimSpace(o.OrderNumber)
	switch {
	case o.OrderID <= 0:
		return downstream.Order{}, errors.New("an order has no id")
	case number == "":
		return downstream.Order{}, errors.New("an order has no number")
	case !known:
		return downstream.Order{}, errors.New("an order has a status that ShipStation does not document")
	case err != nil:
		return downstream.Order{}, err
	}
	return downstream.Order{
		ID:      strconv.FormatInt(o.OrderID, 10),
		Number:  number,
		Status:  status,
		Version: modified + "/" + o.OrderStatus,
	}, nil
}

// modifyLayout is ShipStation's form of a time: a local one, in its own zone,
// with up to seven decimals.
const modifyLayout = "2006-01-02T15:04:05"

// modifyTime brings a modifyDate into one form, so that a search and a read that
// write the same time differently agree on the version.
func modifyTime(value string) (string, error) {
	t, err := time.Parse(modifyLayout, strings.TrimSuffix(value, "Z"))
	if err != nil {
		return "", errors.New("an order has no modifyDate, or one in a form that ShipStation does not document")
	}
	return t.Format(modifyLayout + ".999999999"), nil
}
