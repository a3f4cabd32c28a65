namespace Httpmq.Tests.Documents;

/// <summary>How the commands of a document are found, and their output compared.</summary>
internal sealed class MarkdownSessionTests
{
    [TestCase("""{"id":"…"}""", """{"id":"1"}""", true)]
    [TestCase("""{"id":"…"}""", """{"id":1}""", false)]
    [TestCase("""{"a":1}""", """{"a":1,"b":2}""", false)]
    public void Output_ComparedWithWhatIsShown_DiffersOnlyWhereItMay(string shown, string printed, bool expected) =>
        Assert.That(MarkdownSession.IsAsShown(shown, printed), Is.EqualTo(expected));

    [Test]
    public void Session_OfAText_HasItsCommandsAndTheirOutput()
    {
        var session = MarkdownSession.Of("""
            Text
            ```sh
            # a comment
            curl a \
             -d b

            curl c
            ```
            prints
            ```json
            {}
            ```
            ```
            make
            ```
            """).Single();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(session.Line, Is.EqualTo(3));
            Assert.That(session.Commands, Is.EqualTo(new[] { "curl a  -d b", "curl c" }));
            Assert.That(session.Output, Is.EqualTo(new[] { "{}" }));
        }
    }
}
