using Httpmq.Infrastructure.Connection;

namespace Httpmq.Tests.Infrastructure.Connection;

internal sealed class ServerListTests
{
    [TestCase("nats://a:4222", "nats://a:4222", null)]
    [TestCase("nats://u:s%40crt@a:4222, tls://b", "nats://a:4222/,tls://b", "User (the login)")]
    [TestCase("nats://a,nats://s%40crt@b:1", "nats://a,nats://b:1/", "Token (the login)")]
    [TestCase("ws://u:s@a/path", "ws://a:80/path", "User (the login)")]
    public void Of_Uris_TakesTheLoginOut(string given, string url, string? login)
    {
        var servers = ServerList.Of(given);

        Assert.That((servers.Url, servers.Login?.ToString()), Is.EqualTo((url, login)));
    }

    [TestCase("nats://a", 4222)]
    [TestCase("tls://a:1", 1)]
    [TestCase("ws://a", 80)]
    [TestCase("wss://a", 443)]
    public void PortOf_AUri_IsThatOfItsScheme(string uri, int port) => Assert.That(ServerList.PortOf(new Uri(uri)), Is.EqualTo(port));

    /// <summary>Servers of a cluster tell each other's addresses, which are in few certificates.</summary>
    [TestCase("tls://nats.example,tls://10.0.0.9", "10.0.0.7", "nats.example")]
    [TestCase("tls://nats.example,tls://10.0.0.9", "10.0.0.9", "10.0.0.9")]
    [TestCase("tls://nats.example,tls://[::1]", "::1", "::1")]
    [TestCase("tls://nats.example", "other.example", "other.example")]
    public void NameOf_AServer_IsTheNameInItsCertificate(string url, string host, string name) =>
        Assert.That(ServerList.Of(url).NameOf(host), Is.EqualTo(name));

    [TestCase("Permissions Violation for Subscription to \"a.b\"", "a.b")]
    [TestCase("'Permissions Violation for Subscription to \"a.\\\"b\" using queue \"q\"'", "a.\"b")]
    [TestCase("Permissions Violation for Publish to \"a.b\"", null)]
    [TestCase("Authorization Violation", null)]
    public void SubjectOfRefusedSubscription_AnError_IsFound(string error, string? subject) =>
        Assert.That(RequestLimit.SubjectOfRefusedSubscription(error), Is.EqualTo(subject));
}
