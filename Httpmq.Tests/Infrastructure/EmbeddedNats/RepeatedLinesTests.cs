using Httpmq.Infrastructure.EmbeddedNats;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

internal sealed class RepeatedLinesTests
{
    [Test]
    public void IsNew_SameLineAgain_OnlyAfterTenSeconds()
    {
        var time = new FakeTimeProvider();
        var lines = new RepeatedLines(time);
        var line = new NatsServerLogLine(LogLevel.Error, "no room");

        Assert.That(new[] { lines.IsNew(line), lines.IsNew(line), lines.IsNew(line with { Text = "other" }) }, Is.EqualTo(
            new[] { true, false, true }));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.That(lines.IsNew(line), Is.True);
    }
}
