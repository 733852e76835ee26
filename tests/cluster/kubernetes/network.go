package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	kubeconfigPath = "/etc/kubernetes/kubelet.conf"
	networkPath    = "/etc/cni/net.d/10-pods.conflist"
	retryEvery     = 300 * time.Millisecond

	// Each pod's link is a point-to-point pair: packets between pods of a node are routed, so services work for them
	// without br_netfilter.
	networkForm = `{
  "cniVersion": "1.0.0",
  "name": "pods",
  "plugins": [
    {"type": "ptp", "ipam": {"type": "host-local", "ranges": [[{"subnet": "%s"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`
	// Pods see each other's own addresses; beyond the pods they go by their node's.
	masqueradeRules = `
table ip node-network
delete table ip node-network
table ip node-network {
  set pods { type ipv4_addr; flags interval; }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr @pods ip daddr != @pods masquerade
  }
}
`
)

// nodeNetwork writes this node's pod network once its subnet is known and keeps a route to every other node's pods.
func nodeNetwork() error {
	self, err := os.Hostname()
	if err != nil {
		return err
	}
	ctx := genericapiserver.SetupSignalContext()
	client, err := connect(ctx)
	if err != nil {
		return err
	}
	if err := nft(masqueradeRules); err != nil {
		return err
	}
	nodes := informers.NewSharedInformerFactory(client, 0).Core().V1().Nodes().Informer()
	network := &network{self: self, done: map[string]string{}}
	if _, err = nodes.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(node any) { network.on(node, network.follow) },
		UpdateFunc: func(_, node any) { network.on(node, network.follow) },
		DeleteFunc: func(node any) { network.on(node, network.forget) },
	}); err != nil {
		return err
	}
	nodes.Run(ctx.Done())
	return nil
}

// connect waits for the kubelet's credentials and for the right to see nodes.
func connect(ctx context.Context) (kubernetes.Interface, error) {
	for {
		if config, err := clientcmd.BuildConfigFromFlags("", kubeconfigPath); err == nil {
			client, err := kubernetes.NewForConfig(config)
			if err != nil {
				return nil, err
			}
			if _, err = client.CoreV1().Nodes().List(ctx, metav1.ListOptions{Limit: 1}); err == nil {
				return client, nil
			}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(retryEvery):
		}
	}
}

// network is what this node has done about each node: by name, its pods' subnet and its address.
type network struct {
	self string
	done map[string]string
}

func (n *network) on(node any, act func(*corev1.Node) error) {
	if one, whole := node.(*corev1.Node); whole && one.Spec.PodCIDR != "" {
		if err := act(one); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

func (n *network) follow(node *corev1.Node) error {
	route, err := routeTo(node)
	if err != nil {
		return err
	}
	wanted := route.Dst.String() + " " + route.Gw.String()
	if n.done[node.Name] == wanted || (node.Name != n.self && route.Gw == nil) {
		return nil
	}
	if node.Name == n.self {
		err = writeNetwork(node.Spec.PodCIDR)
	} else {
		err = netlink.RouteReplace(route)
	}
	if err != nil {
		return err
	}
	n.done[node.Name] = wanted
	return nft(fmt.Sprintf("add element ip node-network pods { %s }", node.Spec.PodCIDR))
}

func (n *network) forget(node *corev1.Node) error {
	delete(n.done, node.Name)
	route, err := routeTo(node)
	if err != nil || node.Name == n.self {
		return err
	}
	if err := netlink.RouteDel(route); err != nil {
		return err
	}
	return nft(fmt.Sprintf("delete element ip node-network pods { %s }", node.Spec.PodCIDR))
}

func writeNetwork(subnet string) error {
	wanted := fmt.Sprintf(networkForm, subnet)
	if present, err := os.ReadFile(networkPath); err == nil && string(present) == wanted {
		return nil
	}
	// containerd watches the folder: the file has to appear whole.
	if err := os.WriteFile(networkPath+".new", []byte(wanted), 0o644); err != nil {
		return err
	}
	return os.Rename(networkPath+".new", networkPath)
}

func routeTo(node *corev1.Node) (*netlink.Route, error) {
	_, subnet, err := net.ParseCIDR(node.Spec.PodCIDR)
	route := &netlink.Route{Dst: subnet}
	for _, one := range node.Status.Addresses {
		if one.Type == corev1.NodeInternalIP && net.ParseIP(one.Address).To4() != nil {
			route.Gw = net.ParseIP(one.Address)
		}
	}
	return route, err
}

func nft(rules string) error {
	command := exec.Command("nft", "-f", "-")
	command.Stdin = strings.NewReader(rules)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, output)
	}
	return nil
}
