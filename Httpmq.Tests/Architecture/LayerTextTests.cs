using System.Reflection;
using Httpmq.Application.Streams;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;

namespace Httpmq.Tests.Architecture;

/// <summary>No route and no key of the configuration below Api: docs/adr/0018-errors-are-data.md.</summary>
internal sealed class LayerTextTests
{
    // Speaks HTTP itself, with nats-server's monitoring.
    private const string Monitoring = "Httpmq.Infrastructure.EmbeddedNats.StuckStreams";

    private static readonly Assembly[] Layers = [typeof(StreamName).Assembly, typeof(IStreamStore).Assembly, typeof(NatsOptions).Assembly];

    [TestCaseSource(nameof(Layers))]
    public void Texts_BelowApi_NameNeitherRouteNorSetting(Assembly layer) => Assert.That(
        LayerTexts.OfTheEdge(layer).Where(static text => !string.Equals(text.Type, Monitoring, StringComparison.Ordinal)),
        Is.Empty);

    [Test]
    public void Texts_Planted_AreFound()
    {
        var found = LayerTexts.OfTheEdge(typeof(LayerTextTests).Assembly)
            .Where(static text => string.Equals(text.Type, typeof(PlantedTexts).FullName, StringComparison.Ordinal))
            .Select(static text => text.Text);

        Assert.That(found, Is.EquivalentTo(PlantedTexts.OfTheEdge()));
    }

    [TestCase("STREAM.MSG.DELETE.orders")]
    [TestCase("GET")]
    [TestCase("jetstream.limits.default_max_consumers")]
    [TestCase("what was asked may have happened")]
    [TestCase("limits.max_message_bytes_of_somebody_else")]
    public void Text_OfALayerItself_IsNotOfTheEdge(string text) => Assert.That(LayerTexts.IsOfTheEdge(text), Is.False);
}

/// <summary>What the scan must find.</summary>
internal static class PlantedTexts
{
    public static string[] OfTheEdge() =>
    [
        "define it with POST /v1/admin/stream",
        "look at it with GET, and try again",
        "the largest message (the NATS server's max_payload, or limits.max_message_bytes)",
        "set nats.server_uri to one that has it",
        "embedded_nats.port: in use",
        "set Httpmq__EmbeddedNats__Port",
        "choose another one with --data-folder",
        "(nats.reconnect.max_attempts is {Limit})",
    ];
}
