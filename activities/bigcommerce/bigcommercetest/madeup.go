package bigcommercetest

import (
	"fmt"
	"strings"
	"time"
)

// What made-up orders are made of. The names are of nobody, the phone numbers and
// mail domains of the ranges that are kept free for fiction.
var (
	firstNames = []string{"Ada", "Bruno", "Chidi", "Dana", "Elif", "Farid", "Greta", "Hana", "Ivo", "Jun"}
	lastNames  = []string{"Abara", "Brandt", "Castillo", "Dahl", "Eze", "Fontaine", "Guo", "Horvat", "Iyer", "Jansen"}
	streets    = []string{"Maple Row", "Harbor Lane", "Mill Road", "Quarry Street", "Station Avenue", "Orchard Way"}
	places     = []struct{ city, state, zip string }{
		{"Boise", "Idaho", "83702"},
		{"Dayton", "Ohio", "45402"},
		{"Duluth", "Minnesota", "55802"},
		{"Macon", "Georgia", "31201"},
		{"Reno", "Nevada", "89501"},
		{"Toledo", "Ohio", "43604"},
	}
	products = []struct {
		name, sku string
		cents     int64
	}{
		{"Brass door knob", "KNOB-BR", 1895},
		{"Oak shelf, 80 cm", "SHELF-OAK-80", 4250},
		{"Linen lamp shade", "SHADE-LIN", 3700},
		{"Cast iron hook", "HOOK-CI", 650},
		{"Wool rug, 2 m", "RUG-WOOL-2", 12900},
		{"Ceramic planter", "PLANT-CER", 2475},
	}
)

// completeLocked makes up what an order was not given.
func (s *Store) completeLocked(o *Order, now time.Time) {
	if o.ID == 0 {
		o.ID = s.nextOrderLocked()
	}
	s.completeItemsLocked(o)
	setDefault(&o.ChannelID, 1)
	setDefault(&o.CustomerID, 1+s.rand.Int64N(900))
	setDefault(&o.CartID, s.cartIDLocked())
	setDefault(&o.OrderSource, "www")
	setDefault(&o.PaymentMethod, "Cash")
	if o.Billing == (Address{}) {
		o.Billing = s.addressLocked()
	}
	if o.Shipping == (Address{}) {
		o.Shipping = o.Billing
	}
	setDefault(&o.Shipping.ID, o.ID+100)
	if o.DateCreated.IsZero() {
		o.DateCreated = now
	}
	if o.DateModified.IsZero() {
		o.DateModified = o.DateCreated
	}
	for _, date := range []*time.Time{&o.DateCreated, &o.DateModified, &o.DateShipped} {
		*date = date.UTC().Truncate(time.Second)
	}
}

func (s *Store) completeItemsLocked(o *Order) {
	if len(o.Items) == 0 {
		for _, n := range s.rand.Perm(len(products))[:1+s.rand.IntN(3)] {
			p := products[n]
			o.Items = append(o.Items, Item{
				ProductID: int64(100 + n), Name: p.name, SKU: p.sku, PriceCents: p.cents, Quantity: 1 + s.rand.IntN(3),
			})
		}
	}
	for i := range o.Items {
		item := &o.Items[i]
		if item.ID == 0 {
			s.lastItem++
			item.ID = s.lastItem
		}
		s.lastItem = max(s.lastItem, item.ID)
		setDefault(&item.Quantity, 1)
		setDefault(&item.ProductID, 100+item.ID)
		setDefault(&item.VariantID, item.ProductID+200)
		setDefault(&item.SKU, fmt.Sprintf("SKU-%d", item.ProductID))
		setDefault(&item.Name, "Product "+item.SKU)
	}
}

func (s *Store) nextOrderLocked() int64 {
	next := int64(100)
	for id := range s.orders {
		next = max(next, id+1)
	}
	return next
}

func (s *Store) addressLocked() Address {
	first, last := firstNames[s.rand.IntN(len(firstNames))], lastNames[s.rand.IntN(len(lastNames))]
	place := places[s.rand.IntN(len(places))]
	return Address{
		FirstName: first,
		LastName:  last,
		Street:    fmt.Sprintf("%d %s", 1+s.rand.IntN(980), streets[s.rand.IntN(len(streets))]),
		City:      place.city,
		State:     place.state,
		Zip:       place.zip,
		Country:   "United States",
		CountryID: "US",
		Phone:     fmt.Sprintf("20255501%02d", s.rand.IntN(100)),
		Email:     strings.ToLower(first + "." + last + "@example.com"),
	}
}

// cartIDLocked returns a version 4 UUID.
func (s *Store) cartIDLocked() string {
	a, b := s.rand.Uint64(), s.rand.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

func setDefault[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}
