using Httpmq.Infrastructure.EmbeddedNats;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

internal sealed class NatsServerLogLineTests
{
    [TestCase("[7] 2026/01/02 03:04:05.678901 [INF] Server is ready", LogLevel.Debug, "Server is ready")]
    [TestCase("[7] 2026/01/02 03:04:05.678901 [WRN] [a] b", LogLevel.Warning, "[a] b")]
    [TestCase("[7] 2026/01/02 03:04:05 [ERR] broken", LogLevel.Error, "broken")]
    [TestCase("[7] [FTL] the end", LogLevel.Error, "the end")]
    [TestCase("[7] 2026/01/02 03:04:05.678901 [DBG] detail", LogLevel.Trace, "detail")]
    [TestCase("[7] 2026/01/02 03:04:05.678901 [INF]   Version:  2.9.10", LogLevel.Debug, "Version:  2.9.10")]
    [TestCase("[7] 2026/01/02 03:04:05.678901 [INF] ", LogLevel.Debug, "")]
    [TestCase("panic: runtime error", LogLevel.Warning, "panic: runtime error")]
    [TestCase("", LogLevel.Warning, "")]
    public void Parse_Line_MapsLevelAndStripsTheRest(string line, LogLevel level, string text) =>
        Assert.That(NatsServerLogLine.Parse(line), Is.EqualTo(new NatsServerLogLine(level, text)));

    [Test]
    public void ListeningPort_LineThatSaysIt_IsTaken()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                NatsServerLogLine.Parse("[7] [INF] Listening for client connections on 127.0.0.1:4223").ListeningPort, Is.EqualTo(4223));
            Assert.That(NatsServerLogLine.Parse("[7] [INF] Server is ready").ListeningPort, Is.Null);
        }
    }
}
