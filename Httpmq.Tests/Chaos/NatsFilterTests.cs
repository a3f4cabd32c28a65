using System.Text;

namespace Httpmq.Tests.Chaos;

internal sealed class NatsFilterTests
{
    private const string Spoken =
        "CONNECT {}\r\nPING\r\nPUB a 5\r\nPUB x\r\nSUB b 1\r\nHPUB a r 12 14\r\nNATS/1.0\r\n\r\nab\r\nPUB a 0\r\n\r\nPONG\r\n";

    [Test]
    public void Filter_Silent_LeavesOutWhatIsPublishedWhereverItIsCut([Range(1, 20)] int length) =>
        Assert.That(Pass(length, silent: true), Is.EqualTo("CONNECT {}\r\nPING\r\nSUB b 1\r\nPONG\r\n"));

    [Test]
    public void Filter_NotSilent_PassesEverything([Range(1, 20)] int length) =>
        Assert.That(Pass(length, silent: false), Is.EqualTo(Spoken));

    private static string Pass(int length, bool silent)
    {
        var (filter, passed, heard) = (new NatsFilter(), new byte[Spoken.Length + NatsFilter.MostKept], new StringBuilder());
        foreach (var part in Encoding.ASCII.GetBytes(Spoken).Chunk(length))
        {
            heard.Append(Encoding.ASCII.GetString(passed, 0, filter.Filter(part, silent, passed)));
        }

        return heard.ToString();
    }
}
