using System.Buffers;
using System.Text;
using Httpmq.Infrastructure.Deliveries;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Infrastructure.Deliveries;

/// <summary>Who stays, whatever is said when and gets lost.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ExclusiveClaimTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private readonly FakeTimeProvider _time = new();

    [TestCase(0, false)]
    [TestCase(1.9, false)]
    [TestCase(2, true)]
    [TestCase(3600, true)]
    public void Hear_ANewcomerWithASmallerId_LosesAgainstWhoeverWasThereBefore(double seconds, bool first)
    {
        var holder = new ExclusiveClaim(_time, Id(9));
        _time.Advance(TimeSpan.FromSeconds(seconds));
        var newcomer = new ExclusiveClaim(_time, Id(1));

        var holderEnds = holder.Hear(Sequence(newcomer.Message()), out var answer);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(holderEnds, Is.Not.EqualTo(first));
            Assert.That(answer is not null && newcomer.Hear(Sequence(answer), out _), Is.EqualTo(first), "the answer ends the newcomer");
            Assert.That(newcomer.Hear(Sequence(holder.Message()), out _), Is.EqualTo(first));
        }
    }

    [Test]
    public void Hear_WhatItSaidItselfOrWhatIsNoClaim_ChangesNothing()
    {
        var claim = new ExclusiveClaim(_time, Id(5));
        foreach (var text in new[] { claim.Message(), [], "httpmq "u8.ToArray(), "httpmq comes too short"u8.ToArray(), new byte[29],
            new byte[10_000], [.. "httpmq knows "u8, .. Id(1)] })
        {
            var ends = claim.Hear(Sequence(text), out var answer);
            Assert.That((ends, answer), Is.EqualTo((false, (byte[]?)null)), Encoding.UTF8.GetString(text));
        }
    }

    [Test]
    public void Message_OfANewHolder_IsWhatEarlierGatewaysUnderstand()
    {
        var claim = new ExclusiveClaim(_time, Id(5));
        Assert.That(claim.Message(), Is.EqualTo((byte[])[.. "httpmq comes "u8, .. Id(5)]));

        // An earlier one that comes later has to be told in its own words, and one that was there before says so.
        claim.Hear(Sequence([.. "httpmq comes "u8, .. Id(7)]), out var answer);
        Assert.That(answer, Is.EqualTo((byte[])[.. "httpmq taken "u8, .. Id(7)]));
        Assert.That(claim.Hear(Sequence([.. "httpmq taken "u8, .. Id(5)]), out _), Is.True);
    }

    [Test]
    public void Hear_TakenInAnswerToAnOldClaim_ComparesAgain()
    {
        var claim = new ExclusiveClaim(_time, Id(5));
        _time.Advance(TimeSpan.FromMinutes(1));

        var ends = claim.Hear(Sequence([.. "httpmq taken "u8, .. Id(5)]), out var answer);

        Assert.That((ends, answer), Is.EqualTo((false, claim.Message())));
    }

    /// <summary>Holders that come at any time, claims that get lost or need up to three seconds: one stays, and never none.</summary>
    [Test]
    public void Hear_LateAndLostClaims_LeaveExactlyOne([Range(1, 60)] int seed)
    {
        var random = new Random(seed);
        var time = new FakeTimeProvider();
        var slowest = random.Next(1, 30);
        var lost = random.NextDouble() * 0.9;
        var coming = Enumerable.Range(0, random.Next(2, 6)).Select(_ => random.Next(0, random.Next(1, 600))).Order().ToList();
        var total = coming.Count;
        var holders = new List<ExclusiveClaim>();
        var onTheWay = new List<(int At, ExclusiveClaim To, byte[] Text)>();

        // Ticks of a tenth of a second. The wires are bad for a minute, then they are only slow.
        for (var tick = 0; tick < 3000; tick++)
        {
            time.Advance(Tick);
            for (; coming.Count > 0 && coming[0] <= tick; coming.RemoveAt(0))
            {
                holders.Add(new ExclusiveClaim(time));
                Say(holders[^1].Message(), tick);
            }

            foreach (var (_, to, text) in onTheWay.Where(message => message.At <= tick).ToList())
            {
                if (!holders.Contains(to))
                {
                    continue;
                }

                if (to.Hear(Sequence(text), out var answer))
                {
                    holders.Remove(to);
                }
                else if (answer is not null)
                {
                    Say(answer, tick);
                }
            }

            onTheWay.RemoveAll(message => message.At <= tick);
            if (tick % 160 == 0)
            {
                holders.ForEach(holder => Say(holder.Message(), tick));
            }

            Assert.That(holders.Count > 0 || coming.Count == total, Is.True, $"nobody at {tick}");
        }

        Assert.That(holders, Has.Count.EqualTo(1));

        void Say(byte[] text, int tick) => onTheWay.AddRange(holders
            .Where(_ => tick > 600 || random.NextDouble() > lost)
            .Select(to => (tick + random.Next(1, slowest + 1), to, text)));
    }

    private static byte[] Id(byte first) => [first, .. new byte[ExclusiveClaim.IdBytes - 1]];

    private static ReadOnlySequence<byte> Sequence(byte[] bytes) => new(bytes);
}
