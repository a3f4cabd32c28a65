using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Tests.Fuzz;

namespace Httpmq.Tests.Domain;

/// <summary>Headers of a message on its way in: what JetStream would ignore or misread does not get there.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class PublishHeadersTests
{
    private static readonly Gen<string> Names = Gen.Elements(
        [.. PublishHeaderRules.Names, "nats-ttl", "NATS-INCR", "A", "a b", "", "Nats-"]);

    private static readonly Gen<string> Values = Shrunk.Damaged(
        Gen.Elements("1", "0", "sub", "never", "1h30m", "@at 2030-01-01T00:00:00Z", "@every 5m", "0 0 * * * *", "a.b", "+5", "orders"),
        Gen.Elements("\r\n", " ", "-", "@", "9", ".", "*", ">", "é", "\0", "\ud800"));

    [TestCase("nats-ttl", "1h", "Nats-TTL: 1h", MessageFeatures.TimeToLive)]
    [TestCase("NATS-INCR", " +5 ", "Nats-Incr: +5", MessageFeatures.Counter)]
    [TestCase("nats-msg-id", "x", "Nats-Msg-Id: x", MessageFeatures.None)]
    [TestCase("my-Own", "x", "my-Own: x", MessageFeatures.None)]
    public void Build_OneHeader_IsInJetStreamsSpellingWithWhatItNeeds(string name, string value, string line, MessageFeatures features)
    {
        var headers = new PublishHeaders();

        Assert.That(headers.Add(name, value), Is.Null);
        Assert.That(headers.Build(SubjectOf("a"), out var block, out var needs), Is.Null);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Encoding.UTF8.GetString(block.Block.Span), Is.EqualTo($"NATS/1.0\r\n{line}\r\n\r\n"));
            Assert.That(needs?.Features ?? MessageFeatures.None, Is.EqualTo(features));
        }
    }

    [TestCase("@at 2030-01-01T00:00:00Z", MessageFeatures.Schedule)]
    [TestCase("@at 2030-01-01T00:00:00.5+02:00", MessageFeatures.Schedule)]
    [TestCase("@every 1s", MessageFeatures.Schedule | MessageFeatures.RepeatedSchedule)]
    [TestCase("@hourly", MessageFeatures.Schedule | MessageFeatures.RepeatedSchedule)]
    [TestCase("0 30 9 * * MON-FRI", MessageFeatures.Schedule | MessageFeatures.RepeatedSchedule)]
    public void Build_Schedule_NeedsWhatItsFormNeedsAndNamesItsTarget(string schedule, MessageFeatures features)
    {
        var headers = new PublishHeaders();
        headers.Add(PublishHeaderRules.Schedule, schedule);
        headers.Add(PublishHeaderRules.ScheduleTarget, "b");

        Assert.That(headers.Build(SubjectOf("a"), out _, out var needs), Is.Null);
        Assert.That(needs, Is.EqualTo(new MessageNeeds(features, SubjectOf("b"))));
    }

    [TestCase("@at 2030-01-01")]
    [TestCase("@at 2030-01-01T00:00:00")]
    [TestCase("@at")]
    [TestCase("@every")]
    [TestCase("@every 0.9s")]
    [TestCase("@in 5m")]
    [TestCase("")]
    [TestCase("* * * * *")]
    public void Add_ScheduleThatIsNone_IsAFault(string schedule) =>
        Assert.That(new PublishHeaders().Add(PublishHeaderRules.Schedule, schedule)?.Reason, Does.StartWith("Nats-Schedule: "));

    [Test]
    public void Clear_AfterAMessage_LeavesNothingOfIt()
    {
        var headers = new PublishHeaders();
        headers.Add("Nats-Incr", "1");

        headers.Clear();

        Assert.That(headers.Build(SubjectOf("a"), out var block, out var needs), Is.Null);
        Assert.That((block.IsEmpty, needs, headers.IsIncrement), Is.EqualTo((true, (MessageNeeds?)null, false)));
    }

    [FuzzRun.Property]
    public Property Build_AnyNamesAndValues_IsAFaultOrABlockWithEachOnALineOfItsOwn() =>
        Prop.ForAll(Names.Zip(Values).ArrayOf().Resize(5).ToArbitrary(), pairs =>
        {
            var headers = new PublishHeaders();
            var invalidValues = pairs.Select(pair => headers.Add(pair.Item1, pair.Item2)).Where(static one => one is not null).ToArray();
            var invalid = headers.Build(SubjectOf("a"), out var block, out _);
            Assert.That(invalidValues.Append(invalid).OfType<InvalidValue>().Select(static one => one.Reason), Has.All.Not.Empty);
            var lines = block.IsEmpty ? 0 : Encoding.UTF8.GetString(block.Block.Span).Split("\r\n").Length - 3;
            Assert.That(lines, Is.LessThanOrEqualTo(pairs.Length));
            foreach (var header in block)
            {
                var name = Encoding.ASCII.GetString(header.Name);
                Assert.That(
                    !name.StartsWith("nats-", StringComparison.OrdinalIgnoreCase)
                        || PublishHeaderRules.Names.Contains(name, StringComparer.Ordinal),
                    name);
            }
        });

    private static Subject SubjectOf(string text)
    {
        Assert.That(Subject.TryParse(text, out var subject, out _), Is.True);
        return subject;
    }
}
