using System.Net.Security;
using System.Text;
using Httpmq.Client;
using Httpmq.Tests.Api.Subscriptions;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Tls;

/// <summary>What stays open, and the C# client, over TLS: with an authority of one's own, and known by a certificate.</summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class TlsTrafficTests
{
    private const string Yaml = """
        dataplane: { api_server: { tls: { cert_file: c, key_file: k, client_ca_file: a } } }
        auth:
          mtls: [{ san: "spiffe://corp/all", roles: [all] }]
          roles: { all: { publish: { allow: [">"] }, read: { allow: [">"] }, consume: { allow: ["*/*"] }, admin: { allow: ["*"] } } }
        """;

    private readonly string _stream = SharedServers.NewName();
    private TlsGateway _server = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _server = await TlsGateway.StartAsync(
        SharedServers.Nats.Url, static (tls, authority) => tls with { ClientCaFile = authority }, Yaml);

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [Test]
    public async Task Client_WithACertificate_DefinesPublishesSubscribesAndSettles()
    {
        using var shown = _server.Authority.ClientOf(["spiffe://corp/all"]);
        using var client = HttpmqClient.Create(_server.Management, _server.Dataplane, new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = _server.Trust(),
            ClientCertificates = [shown],
        });
        using var limit = new CancellationTokenSource(Eventually.TimeLimit);
        await Eventually.HoldsAsync(() => IsReadyAsync(client), "NATS is connected");
        await client.Management.DefineConsumerAsync(
            _stream, new ConsumerParameters { Name = "c", Mode = ConsumerMode.Pull, MaxInflight = 10 }, limit.Token);
        await client.Dataplane.PublishAsync($"{_stream}.a", "hello"u8.ToArray(), limit.Token);
        await using (var session = await client.Dataplane.OpenSessionAsync(_stream, "c", cancellationToken: limit.Token))
        {
            await foreach (var message in session.ReadAllAsync(limit.Token))
            {
                Assert.That(Encoding.UTF8.GetString(message.Data.Span), Is.EqualTo("hello"));
                await message.AcknowledgeAsync(limit.Token);
                break;
            }
        }

        await DeliverOverEachWayAsync(client, limit.Token);
        await client.Management.DeleteStreamAsync(_stream, limit.Token);
    }

    private async Task DeliverOverEachWayAsync(HttpmqClient client, CancellationToken cancellationToken)
    {
        using var shown = _server.Authority.ClientOf(["spiffe://corp/all"]);
        foreach (var way in new[] { TwoWay.Duplex, TwoWay.WebSocket1, TwoWay.WebSocket2 })
        {
            // Who has left may still be sent the next message of the same consumer.
            var consumer = $"c{way.Length}";
            await client.Management.DefineConsumerAsync(
                _stream,
                new ConsumerParameters
                {
                    Name = consumer,
                    Mode = ConsumerMode.Pull,
                    MaxInflight = 10,
                    FilterSubject = $"{_stream}.{consumer}",
                },
                cancellationToken);
            await using var open = await TwoWay.OpenAsync(
                way, _server.Dataplane, _stream, consumer, "encoding=utf8&metadata=true", _server.Handler(shown));
            await client.Dataplane.PublishAsync($"{_stream}.{consumer}", Encoding.UTF8.GetBytes(way), cancellationToken);
            var message = await open.ReadAsync(named: null);
            Assert.That((string)message["msg"]!, Is.EqualTo(way));
            await open.SendAsync($$"""{"id":"x","ack":[{"token":"{{(string)message["token"]!}}"}]}""");
            Assert.That((int)(await open.ReadAsync("settled"))["settled"]!, Is.EqualTo(1), way);
        }
    }

    private async Task<bool> IsReadyAsync(HttpmqClient client)
    {
        try
        {
            await client.Management.DefineStreamAsync(new StreamParameters { Name = _stream, Subjects = [$"{_stream}.*"] });
            return true;
        }
        catch (HttpmqException)
        {
            return false;
        }
    }
}
