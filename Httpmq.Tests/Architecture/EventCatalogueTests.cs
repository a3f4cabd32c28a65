using System.Reflection;
using System.Text;
using Httpmq.Api.Http;
using Httpmq.Infrastructure.Connection;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Httpmq.Tests.Architecture;

/// <summary>All events that are logged, in one catalogue: operators write alerts against their ids.</summary>
internal sealed class EventCatalogueTests
{
    private const string Head = """
        # Events

        Everything that Httpmq logs, by event id; made from the code by `make snapshots`. An id keeps its meaning.
        A message never holds a payload.

        | id | level | message |
        |---|---|---|

        """;

    [Test]
    public void EventIds_OfAllLayers_AreUnique() => Assert.That(Events().Select(static logged => logged.EventId), Is.Unique);

    [Test]
    public void Catalogue_OfEvents_IsAsCommitted()
    {
        var table = new StringBuilder(Head);
        foreach (var logged in Events().OrderBy(static logged => logged.EventId))
        {
            // Where the level is an argument, it depends on how often it happened.
            var level = Enum.IsDefined(logged.Level) && logged.Level is not LogLevel.None ? $"{logged.Level}" : "varies";
            table.Append($"| {logged.EventId} | {level} | {logged.Message.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        }

        Snapshot.Check("docs/events.md", table.ToString());
    }

    private static IEnumerable<LoggerMessageAttribute> Events() => new[] { typeof(ApiController).Assembly, typeof(NatsOptions).Assembly }
        .SelectMany(static assembly => assembly.GetTypes())
        .SelectMany(static type => type.GetMethods(
            BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>())
        .OfType<LoggerMessageAttribute>();
}
